/** Hold checks in OpenSTA, PrimeTime (its delay type has an edge) and Tempus. */
export const HOLD = ["min", "hold", "early", "min_rise", "min_fall", "min_delay"];
export const SETUP = ["max", "setup", "late", "max_rise", "max_fall", "max_delay"];
