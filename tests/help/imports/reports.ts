import type { Format } from "../../../src/imports/formats/format.ts";
import { FORMATS } from "../../../src/imports/formats/registry.ts";

const FOLDER = new URL("../../../../shared/data/reports/", import.meta.url);

export type Fact = { value: unknown; unit?: string | null; seconds?: number };
export type Expected = {
  file: string;
  kind: string;
  format: string;
  records: { count: number; also_acceptable?: number[] };
  tool?: string;
  tool_version?: string;
  design?: string;
  run_time?: { iso: string };
  facts: Record<string, Fact>;
  by_rule?: Record<string, number>;
  absent?: string[];
  columns?: number;
};

/** Text of a real report, and what a correct import reads from it. */
export function report(file: string): { text: string; expected: Expected } {
  try {
    return {
      text: Deno.readTextFileSync(new URL(file, FOLDER)),
      expected: JSON.parse(Deno.readTextFileSync(new URL(`${file}.expect.json`, FOLDER))),
    };
  } catch (error) {
    throw new Error(`../shared/data/reports/${file} is missing: it comes with the shared folder.`, {
      cause: error,
    });
  }
}

/** The format that is surest of a file. */
export function recognised(text: string, file: string): Format | undefined {
  const start = text.slice(0, 1 << 16);
  const ranked = FORMATS.map((format) => ({ format, sure: format.recognise(start, file) }))
    .filter(({ sure }) => sure > 0).sort((a, b) => b.sure - a.sure);
  return ranked[0]?.format;
}

/** Every real report of a format that is read, unpacked ones only. */
export function realReports(): { file: string; text: string; format: Format }[] {
  const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();
  return files.filter((file) => /\.(?!expect\.json$|gz$|md$)[^.]+$/.test(file)).flatMap((file) => {
    if (file.endsWith(".expect.json") || !files.includes(`${file}.expect.json`)) return [];
    const { text, expected } = report(file);
    const format = FORMATS.find(({ name }) => name === expected.format);
    return format ? [{ file, text, format }] : [];
  });
}
