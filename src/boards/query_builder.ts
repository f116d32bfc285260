/** How Grafana shall read the rows: as they are, or as series over a column named "time". */
export type Format = "table" | "time_series";

export type DataSource = { type: string; uid: string };

/** A PostgreSQL query as Grafana's panels store it; the SDK has no builder for it. */
export class PostgresQuery {
  constructor(
    private readonly datasource: DataSource,
    private readonly rawSql: string,
    private readonly format: Format = "table",
  ) {}

  build() {
    return {
      refId: "A",
      datasource: this.datasource,
      format: this.format,
      rawQuery: true,
      rawSql: this.rawSql,
      _implementsDataqueryVariant() {},
    };
  }
}
