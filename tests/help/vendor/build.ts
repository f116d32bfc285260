/** Builds `static/vendor/echarts.js` from the parts of ECharts that boards use: `deno task vendor`. */
import { build, stop } from "esbuild";

const HERE = new URL("./", import.meta.url);
const TARGET = new URL("../../../static/vendor/echarts.js", HERE);

/** The library with its licences on top. */
export async function buildCharts(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: HERE.pathname,
    entryPoints: ["echarts_parts.js"],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    legalComments: "none",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  await stop();
  const licences =
    "/*! Parts of Apache ECharts 6.1.0 (Apache-2.0), zrender (BSD-3-Clause) and tslib (0BSD): see licences.txt */";
  return `${licences}\n${outputFiles[0]!.text}`;
}

if (import.meta.main) await Deno.writeTextFile(TARGET, await buildCharts());
