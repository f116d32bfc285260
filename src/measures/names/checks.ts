/** What tools call a path whose hold is checked: OpenSTA, PrimeTime (its delay type has an edge), Tempus. */
export const HOLD = ["min", "hold", "early", "min_rise", "min_fall", "min_delay"];
/** The same of a path whose setup is checked. */
export const SETUP = ["max", "setup", "late", "max_rise", "max_fall", "max_delay"];
