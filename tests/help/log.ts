import { makeLog } from "../../src/external/log/log.ts";

/** Keeps each line as `LEVEL message {fields}`. */
export const keptIn = (lines: string[]) =>
  makeLog((level, message, fields) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  );
