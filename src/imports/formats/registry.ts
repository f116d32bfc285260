import { calibreAscii } from "./drc/calibre.ts";
import { magicDrc } from "./drc/magic.ts";
import { openroadDrcJson } from "./drc/openroad_json.ts";
import { tritonRoute } from "./drc/tritonroute.ts";
import type { Format } from "./format.ts";
import { json, jsonLines } from "./json/json.ts";
import { junit, junitCocotb } from "./junit/junit.ts";
import { klayoutLyrdb } from "./klayout/lyrdb.ts";
import { netgenLvs, netgenLvsShort } from "./lvs/netgen.ts";
import { netgenLvsJson } from "./lvs/netgen_json.ts";
import { librelaneCsv, librelaneJson } from "./metrics/librelane.ts";
import { openlane1Manufacturability } from "./metrics/manufacturability.ts";
import { metrics21 } from "./metrics/metrics21.ts";
import { openlane1Csv } from "./metrics/openlane1.ts";
import { OPENSTA } from "./opensta/opensta.ts";
import { csv, tsv } from "./tables/csv.ts";
import { VIVADO } from "./vivado/vivado.ts";
import { YOSYS } from "./yosys/yosys.ts";

/** Every format that is read. */
export const FORMATS: readonly Format[] = [
  ...[csv, tsv, json, jsonLines],
  ...[metrics21, librelaneJson, librelaneCsv, openlane1Csv, openlane1Manufacturability],
  ...[klayoutLyrdb, magicDrc, tritonRoute, openroadDrcJson, calibreAscii],
  ...[netgenLvs, netgenLvsShort, netgenLvsJson],
  ...[junit, junitCocotb],
  ...[...OPENSTA, ...YOSYS, ...VIVADO],
];
