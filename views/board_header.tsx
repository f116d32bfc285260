type Props = { title: string; from: string; to: string; signed_in: boolean };

/** The header for viewers; `board.js` writes its dates in the viewer's zone. */
export function BoardHeader({ title, from, to, signed_in }: Props) {
  const day = (time: string) => time.slice(0, 10);
  return (
    <header class="board-header">
      {signed_in && <a href="/dashboards">Dashboards</a>}
      <h1>{title}</h1>
      <span id="board-times">{`${day(from)} to ${day(to)}`}</span>
      <form id="board-choices"></form>
    </header>
  );
}
