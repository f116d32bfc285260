type Props = { id: number; name: string; captured_at: string | null };

/** Address of a dashboard's newest picture. */
export const pictureOf = ({ id, captured_at }: Omit<Props, "name">, type: "gif" | "png" | "webp") =>
  `/api/v1/dashboards/${id}/preview.${type}?at=${captured_at ?? ""}`;

/** A still thumbnail in a link to the GIF, which a script plays in its place on hover, focus or tap. */
export function PreviewLink({ id, name, captured_at }: Props) {
  if (!captured_at) return <span class="preview hint">No preview yet</span>;
  return (
    <a
      class="preview"
      href={pictureOf({ id, captured_at }, "gif")}
      data-plays
      aria-label={`Preview of ${name}`}
    >
      <img
        src={pictureOf({ id, captured_at }, "webp")}
        alt=""
        width="400"
        height="225"
        loading="lazy"
      />
    </a>
  );
}
