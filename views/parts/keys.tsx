const KEYS = [
  ["/", "Go to the search field"],
  ["j", "Next row"],
  ["k", "Previous row"],
  ["Enter", "Open the row"],
  ["?", "Show these keys"],
  ["Esc", "Close"],
];

/** Opened by `?` or its button, both by script. */
export function KeysHelp() {
  return (
    <dialog class="keys" id="keys" aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <dl>
        {KEYS.map(([key, text]) => (
          <>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </>
        ))}
      </dl>
      <form method="dialog">
        <button class="quiet" type="submit">Close</button>
      </form>
    </dialog>
  );
}
