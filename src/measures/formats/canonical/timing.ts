import { always, type CanonicalTable, count, frequency, number, text, time } from "./column.ts";

export const paths: CanonicalTable = {
  kind: "timing",
  name: "paths",
  doc: "One row for each path of a timing report.",
  columns: {
    path_group: always(text("path_group", "Path group as the report names it.")),
    path_type: always(text("path_type", "max: setup; min: hold; else recovery, removal, …")),
    startpoint: always(text("startpoint", "Where the path begins.")),
    endpoint: always(text("endpoint", "Where the path ends.")),
    clock: text(null, "Clock that captures."),
    launch_clock: text(null, "Clock that launches."),
    slack: time("slack", "Below 0: violated."),
    arrival: time(null, "When data arrives."),
    required: time(null, "When data has to arrive."),
    requirement: time(null, "Time between the launching and the capturing edge."),
    delay: time(null, "Delay of the data path."),
    clock_skew: time(null, "Skew between the launching and the capturing clock."),
    uncertainty: time(null, "Clock uncertainty."),
    logic_levels: count(null, "Cells between start and end."),
  },
};

export const timingSummary: CanonicalTable = {
  kind: "timing",
  name: "summary",
  doc:
    "Worst and total slack: one row of path group Total for the whole design (and corner), beside " +
    "it, where the report has them, one for each path group or clock.",
  columns: {
    path_group: always(text("path_group", "Total: the whole design; null: the row has no slack.")),
    clock: always(text(null, "Clock, of rows for one.")),
    setup_wns: time("setup_wns", "Worst setup slack, also where it is above 0."),
    setup_tns: time("setup_tns", "Sum of negative setup slacks."),
    setup_violations: count("setup_violations", "Endpoints with negative setup slack."),
    setup_endpoints: count(null, "Endpoints with a setup check."),
    hold_wns: time("hold_wns", "Worst hold slack, also where it is above 0."),
    hold_tns: time("hold_tns", "Sum of negative hold slacks."),
    hold_violations: count("hold_violations", "Endpoints with negative hold slack."),
    hold_endpoints: count(null, "Endpoints with a hold check."),
    setup_wns_clamped: time(null, "WNS of a tool that prints 0 for what is met."),
    hold_wns_clamped: time(null, "Hold WNS of a tool that prints 0 for what is met."),
    pulse_width_wns: time(null, "Worst pulse width slack."),
    pulse_width_tns: time(null, "Sum of negative pulse width slacks."),
    pulse_width_violations: count(null, "Failing pulse width checks."),
    pulse_width_endpoints: count(null, "Endpoints with a pulse width check."),
    slew_violations: count("slew_violations", "Pins over the greatest slew."),
    cap_violations: count("cap_violations", "Pins over the greatest capacitance."),
    fanout_violations: count("fanout_violations", "Pins over the greatest fan-out."),
    skew: time("skew", "Clock skew."),
    hold_skew: time(null, "Clock skew for hold checks."),
    source_latency: time(null, "Latency of the launching clock."),
    target_latency: time(null, "Latency of the capturing clock."),
    fmax: frequency("frequency", "Greatest frequency."),
    period: time(null, "Clock period."),
    unconstrained: number(null, "Endpoints without a constraint."),
  },
};

export const clocks: CanonicalTable = {
  kind: "timing",
  name: "clocks",
  doc:
    "One row for each clock, pair of clocks or path group of a timing summary whose row in summary " +
    "has the totals: an endpoint may count under several clocks.",
  columns: {
    path_group: always(text("path_group", "Path group; mostly the clock that captures.")),
    from_clock: always(text(null, "Clock that launches.")),
    to_clock: always(text(null, "Clock that captures.")),
    setup_wns: time("setup_wns", "Worst setup slack."),
    setup_tns: time(null, "Sum of negative setup slacks."),
    setup_violations: count(null, "Endpoints with negative setup slack."),
    setup_endpoints: count(null, "Endpoints with a setup check."),
    hold_wns: time("hold_wns", "Worst hold slack."),
    hold_tns: time(null, "Sum of negative hold slacks."),
    hold_violations: count(null, "Endpoints with negative hold slack."),
    hold_endpoints: count(null, "Endpoints with a hold check."),
    pulse_width_wns: time(null, "Worst pulse width slack."),
    pulse_width_tns: time(null, "Sum of negative pulse width slacks."),
    pulse_width_violations: count(null, "Failing pulse width checks."),
    pulse_width_endpoints: count(null, "Endpoints with a pulse width check."),
  },
};
