import type { Block } from "../src/diagnostics/markdown.ts";
import type { Who } from "../src/who.ts";
import { Layout } from "./layout.tsx";

/** Text with `code` between backquotes. */
export function Line({ text }: { text: string }) {
  return (
    <>
      {text.split(/`([^`]+)`/).map((part, i) => i % 2 === 1 ? <code>{part}</code> : part)}
    </>
  );
}

function Table({ rows: [head = [], ...rows] }: { rows: string[][] }) {
  return (
    <table>
      <thead>
        <tr>
          {head.map((cell) => (
            <th scope="col">
              <Line text={cell} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((cells) => (
          <tr>
            {cells.map((cell) => (
              <td>
                <Line text={cell} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Part({ block }: { block: Block }) {
  switch (block.type) {
    case "heading": {
      const { level, text, id } = block;
      if (level === 1) return <h1 id={id}>{text}</h1>;
      return level === 2 ? <h2 id={id}>{text}</h2> : <h3 id={id}>{text}</h3>;
    }
    case "code":
      return (
        <pre class="value">
          <code>{block.text}</code>
        </pre>
      );
    case "list":
      return (
        <ul>
          {block.items.map((item) => (
            <li>
              <Line text={item} />
            </li>
          ))}
        </ul>
      );
    case "table":
      return <Table rows={block.rows} />;
    case "text":
      return (
        <p>
          <Line text={block.text} />
        </p>
      );
  }
}

export function DocumentPage({ who, blocks }: { who: Who; blocks: Block[] }) {
  const title = blocks.find((block) => block.type === "heading")?.text ?? "Document";
  return (
    <Layout title={title} who={who}>
      <article class="card document">{blocks.map((block) => <Part block={block} />)}</article>
    </Layout>
  );
}
