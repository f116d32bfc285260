import { always, type CanonicalTable, count, flag, length, number, text } from "./column.ts";

export const violations: CanonicalTable = {
  kind: "drc",
  name: "violations",
  doc: "One row for each violation, or for each rule where the report lists no shapes.",
  columns: {
    rule: always(text("rule", "Name of the rule.")),
    category: text("category", "What the rule is about."),
    layer: always(text("layer", "Layer.")),
    cell: always(text("cell", "Cell that holds the violation.")),
    description: text(null, "The rule in words."),
    count: always(count("count", "Violations in the row; 1 for a shape.")),
    x1: length("x", "Left edge of the bounding box."),
    y1: length("y", "Lower edge."),
    x2: length("x_end", "Right edge."),
    y2: length("y_end", "Upper edge."),
    nets: text(null, "Nets, with commas between."),
    severity: text("severity", "Severity as the report says it."),
    waived: flag("waived", "Accepted; counted apart."),
    shape: text(null, "The shape as the report writes it."),
    comment: text(null, "What the report adds."),
  },
};

export const drcSummary: CanonicalTable = {
  kind: "drc",
  name: "summary",
  doc:
    "Counts: one row of rule Total for every report of rules, 0 included, beside it one for each " +
    "rule (of an iteration, a layer) with violations. LVS, XOR and antenna results have no count.",
  columns: {
    iteration: always(count("iteration", "Iteration of the router, from 0; the last one counts.")),
    rule: always(text("rule", "Name of the rule; Total is the whole.")),
    layer: always(text("layer", "Layer.")),
    count: always(count("count", "Violations.")),
    flat_count: count(null, "Violations in the flat layout, where the report counts both."),
    waived: count("waived", "Of these, accepted ones."),
    lvs_errors: count("lvs_errors", "LVS errors."),
    lvs_result: text(null, "match or mismatch."),
    xor_differences: number(null, "Differences between two layouts."),
    antenna_violating_nets: count("antenna", "Nets that violate an antenna rule."),
    antenna_violating_pins: count(null, "Pins that violate an antenna rule."),
  },
};
