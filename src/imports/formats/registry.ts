import type { Format } from "./format.ts";

/** Every format that is read. */
export const FORMATS: readonly Format[] = [];
