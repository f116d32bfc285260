import { SEALED_REFUSED_ROWS } from "./adoption/store.ts";
import { SEALED_CREDENTIALS } from "./credentials/sealed.ts";
import { SEALED_RETRIES } from "./retries/sealed.ts";
import { SEALED_PASSWORDS } from "./workspaces/password.ts";

/** Every column that holds sealed texts. */
export const SEALED_COLUMNS = [
  ...SEALED_CREDENTIALS,
  ...SEALED_PASSWORDS,
  ...SEALED_REFUSED_ROWS,
  ...SEALED_RETRIES,
];
