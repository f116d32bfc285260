import { z } from "@hono/zod-openapi";

/** Outside of these years PostgreSQL and JavaScript write a time in ways that the other misreads. */
const [EARLIEST, LATEST] = [Date.UTC(1970, 0, 1), Date.UTC(9999, 11, 31)];

export const Expiry = z.iso.datetime({ offset: true })
  .refine(
    (text) => Date.parse(text) >= EARLIEST && Date.parse(text) <= LATEST,
    "must lie between 1970 and 9999",
  )
  .openapi({ example: "2030-01-31T00:00:00Z" });
