import { chosenFor } from "../../templates/store.ts";
import type { Db, Sql } from "../../external/postgres/postgres.ts";
import { findUsedTemplate } from "../board_store.ts";
import { ClaimLost } from "../attempt.ts";
import type { Preview } from "../../previews/preview.ts";
import { isBoardFault, nextAfter } from "./outcome.ts";
import { advance, type Claim, saveOutcome, setBack } from "../row.ts";
import { savePictures } from "../runs_store.ts";
import { wasPosted } from "../messages_store.ts";

/** Saves a capture and advances the row, or sets it back or stops it with the reason. Throws ClaimLost. */
export async function finishCapture(db: Sql, claim: Claim, preview: Preview): Promise<void> {
  const { outcome, panels, gif, may_pass } = preview;
  await db.begin(async (tx) => {
    const tries = await saveOutcome(tx, claim, outcome, panels);
    if (tries === undefined) throw new ClaimLost();
    // A capture without pictures (a sign-in page) keeps the previous ones.
    if (gif) await savePictures(tx, claim, { ...preview, gif });
    const next = nextAfter(outcome, tries, may_pass);
    if (next === "advance") {
      await advance(tx, claim, await wasPosted(tx, claim) ? "done" : "notify");
    } else if (next === "stop" && isBoardFault(outcome) && await isTemplateChanged(tx, claim)) {
      await advance(tx, claim, "create"); // It is another board's fault by now.
    } else {
      const why = preview.sentence ?? "The dashboard did not load completely. Check its panels.";
      await setBack(tx, claim, why, { stop: next === "stop", code: outcome });
    }
  });
}

async function isTemplateChanged(db: Db, claim: Claim): Promise<boolean> {
  const used = await findUsedTemplate(db, claim.id);
  const chosen = await chosenFor(db, claim);
  return used?.template_id !== (chosen?.id ?? null) ||
    used.template_version !== (chosen?.version ?? null);
}
