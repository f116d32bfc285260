import * as common from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import type { Measure } from "../measures/measure.ts";
import {
  colors,
  description,
  type Panel,
  type Source,
  thresholds,
  thresholdsOf,
} from "./panels.ts";
import { PostgresQuery } from "./query_builder.ts";
import { asOf, endsAhead, isCompared, isDense, newestTime, newestValue, trend } from "./runs.ts";

function choice({ across_designs: across, good, log_scale }: Measure): [string, string] {
  if (across === "sum") return ["total", "The sum over all designs in the newest run."];
  const word = good ? "worst" : across === "min" ? "lowest" : log_scale ? "largest" : "highest";
  return [word, `The ${word} design of the newest run, by name.`];
}

/** With its trend for one design, with the design's name for several. */
export function newestStat({ facts, datasource }: Source, measure: Measure): Panel {
  const compared = isCompared(facts);
  // A dense table's last point covers many runs, and a run dated ahead sorts last: neither is the
  // newest run.
  const course = facts.time !== undefined && !compared && !isDense(facts) && !endsAhead(facts);
  const [word, sentence] = choice(measure);
  const panel = new stat.PanelBuilder()
    .title(compared ? `${measure.title} · ${word}` : measure.title)
    .description(description(measure, compared ? sentence : "The newest run."))
    .datasource(datasource)
    .withTarget(
      course
        ? new PostgresQuery(
          datasource,
          trend(facts, measure, { where: asOf(facts) }),
          "time_series",
        )
        : new PostgresQuery(datasource, newestValue(facts, measure)),
    )
    .unit(measure.unit)
    .thresholds(thresholdsOf(measure))
    .colorScheme(colors(dashboard.FieldColorModeId.Thresholds))
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(course ? common.BigValueGraphMode.Area : common.BigValueGraphMode.None)
    .justifyMode(common.BigValueJustifyMode.Center)
    .textMode(
      compared && measure.across_designs !== "sum"
        ? common.BigValueTextMode.ValueAndName
        : common.BigValueTextMode.Value,
    )
    .reduceOptions(
      course
        ? new common.ReduceDataOptionsBuilder().values(false).calcs(["last"]).fields("")
        : new common.ReduceDataOptionsBuilder().values(true).limit(1).calcs([]).fields(""),
    );
  return measure.decimals === undefined ? panel : panel.decimals(measure.decimals);
}

export function plainStat(
  { datasource }: Source,
  { title, unit, sql, about }: { title: string; unit: string; sql: string; about: string },
  named = false,
): Panel {
  return new stat.PanelBuilder()
    .title(title).description(about).datasource(datasource)
    .withTarget(new PostgresQuery(datasource, sql))
    .unit(unit).thresholds(thresholds(undefined))
    .colorScheme(colors(dashboard.FieldColorModeId.Thresholds))
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(common.BigValueGraphMode.None)
    .justifyMode(common.BigValueJustifyMode.Center)
    .textMode(named ? common.BigValueTextMode.ValueAndName : common.BigValueTextMode.Value)
    .reduceOptions(
      new common.ReduceDataOptionsBuilder().values(true).limit(1).calcs([]).fields(""),
    );
}

export function firstBar(source: Source, measure: Measure, title: string, sql: string): Panel {
  return plainStat(source, { title, unit: measure.unit, sql, about: "The newest run." }, true);
}

/** Empty for a table without time. */
export function newestRun(source: Source): Panel[] {
  const { time } = source.facts;
  if (!time) return [];
  return [plainStat(source, {
    title: "Newest (UTC)",
    unit: "time:YYYY-MM-DD HH:mm",
    sql: newestTime({ ...source.facts, time }),
    about: `The latest ${time.column.name} in the time range.`,
  })];
}
