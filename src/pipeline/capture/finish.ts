import { chosenFor } from "../../templates/store.ts";
import type { Db, Sql } from "../../external/postgres/postgres.ts";
import { findUsedTemplate } from "../board_store.ts";
import { ClaimLost } from "../attempt.ts";
import type { Preview } from "../../previews/preview.ts";
import { isBoardFault, nextAfter } from "./outcome.ts";
import { advance, type Claim, saveOutcome, setBack } from "../row.ts";
import { savePictures } from "../runs_store.ts";
import { wasPosted } from "../messages_store.ts";

/**
 * Writes what a capture saw, and moves its row: on to Slack where the dashboard is finished and its run
 * was not told; back, or to a stop, with the sentence that says why not. Throws ClaimLost.
 */
export async function finishCapture(db: Sql, claim: Claim, preview: Preview): Promise<void> {
  const { outcome, panels, gif, may_pass } = preview;
  await db.begin(async (tx) => {
    const tries = await saveOutcome(tx, claim, outcome, panels);
    if (tries === undefined) throw new ClaimLost();
    // Where there was nothing to see, as at a login page, the last picture stays.
    if (gif) await savePictures(tx, claim, { ...preview, gif });
    const next = nextAfter(outcome, tries, may_pass);
    if (next === "on") {
      await advance(tx, claim, await wasPosted(tx, claim) ? "done" : "notify");
    } else if (next === "stop" && isBoardFault(outcome) && await isTemplateChanged(tx, claim)) {
      await advance(tx, claim, "create"); // It is another board's fault by now.
    } else {
      const why = preview.sentence ?? "The dashboard could not be shown whole: look at its panels.";
      await setBack(tx, claim, why, { stop: next === "stop", code: outcome });
    }
  });
}

/** Whether another template, or another version of it, would draw the board now. */
async function isTemplateChanged(db: Db, claim: Claim): Promise<boolean> {
  const used = await findUsedTemplate(db, claim.id);
  const chosen = await chosenFor(db, claim);
  return used?.template_id !== (chosen?.id ?? null) ||
    used.template_version !== (chosen?.version ?? null);
}
