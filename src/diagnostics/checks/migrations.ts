import { migrationState } from "../../external/postgres/migrate.ts";
import { sqlState } from "../../external/postgres/postgres.ts";
import { type Check, failed, ok } from "../check.ts";

export const migrations: Check = {
  name: "Database migrations",
  group: "database",
  docs: "database-migrations",
  needs: ["Database"],
  async run({ db }) {
    try {
      const { missing, unknown, changed } = await migrationState(db);
      if (unknown.length > 0) {
        return failed(
          `The database has migrations of a newer version: ${unknown.join(", ")}.`,
          "Install that version of Dashkeeper, or a newer one.",
        );
      }
      if (changed.length > 0) {
        return failed(
          `Migrations have changed since they were applied: ${changed.join(", ")}.`,
          "Restore the files in migrations/ as they were released.",
        );
      }
      if (missing.length === 0) return ok("Every migration of this version is applied.");
      return failed(
        `The database lacks ${missing.join(", ")}.`,
        "Restart the service: it applies missing migrations at its start.",
      );
    } catch (error) {
      if (sqlState(error) !== "42P01") throw error;
      return failed(
        "The database has no tables of Dashkeeper yet.",
        "Start the service: it makes them at its first start.",
      );
    }
  },
};
