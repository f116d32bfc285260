export type Format = "table" | "time_series";

export type DataSource = { type: string; uid: string };

/** Grafana's SDK has no builder for PostgreSQL queries. */
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
