import { checkSealKeys, openProbe } from "../../credentials/installation.ts";
import { SealError } from "../../credentials/seal.ts";
import { ExternalError } from "../../errors.ts";
import { type Check, failed, ok } from "../check.ts";

const FIX =
  "Set SEAL_KEY to the key of these values (or put DATA_DIR/seal.key back from the backup), then restart the service. Values of a lost key have to be entered again.";

export const sealKey: Check = {
  name: "Seal key",
  group: "seal key",
  docs: "seal-key",
  needs: ["Database migrations"],
  async run({ db, sealKeys, diagnosis: { sealed_columns } }) {
    try {
      await checkSealKeys(db, sealKeys, sealed_columns);
      const opened = await openProbe(db, sealKeys);
      const what = opened
        ? "opens a stored value"
        : "seals and opens a value; nothing is stored yet";
      return ok(`The seal key ${sealKeys.current.id} ${what}.`);
    } catch (error) {
      if (error instanceof SealError) {
        return failed("The seal key at hand does not open the stored signing key.", FIX);
      }
      if (error instanceof ExternalError) return failed(error.message.split(": ")[0]! + ".", FIX);
      throw error;
    }
  },
};
