import { CADENCE } from "./cadence.ts";
import { FPGA } from "./fpga.ts";
import type { NotRead } from "./not_read.ts";
import { SYNOPSYS } from "./synopsys.ts";

/** Reports that are recognised and not read yet. */
export const NOT_READ: readonly NotRead[] = [...CADENCE, ...SYNOPSYS, ...FPGA];
