// deno-lint-ignore-file no-explicit-any
const FIELDS: Record<string, string[]> = {
  header: ["text"],
  section: ["text", "fields", "accessory"],
  image: ["alt_text", "image_url", "slack_file", "title"],
  context: ["elements"],
  actions: ["elements"],
  divider: [],
  button: ["text", "action_id", "url", "value", "style", "confirm", "accessibility_label"],
  overflow: ["action_id", "options", "confirm"],
  option: ["text", "value", "description", "url"],
  plain_text: ["text", "emoji"],
  mrkdwn: ["text", "verbatim"],
};

/** Where blocks go over one of Slack's limits, or are not as its reference has them; empty: nowhere. */
export function blockFaults(blocks: any[]): string[] {
  const faults: string[] = [];
  const ids = new Set<string>();
  const length = (at: string, value: unknown, most: number, least = 1) => {
    const size = typeof value === "string" ? value.length : -1;
    if (size < least || size > most) faults.push(`${size} characters, ${least} to ${most} [${at}]`);
  };
  const count = (at: string, value: unknown, most: number) => {
    const size = Array.isArray(value) ? value.length : 0;
    if (size < 1 || size > most) faults.push(`${size} items [${at}]`);
  };
  const known = (at: string, value: any, types: string[]) => {
    if (!types.includes(value?.type)) return void faults.push(`unsupported type [${at}]`);
    const extra = Object.keys(value).filter((name) =>
      !["type", "block_id", ...FIELDS[value.type]!].includes(name)
    );
    if (extra.length > 0) faults.push(`additional property ${extra} [${at}]`);
  };
  const text = (at: string, value: any, most: number, types = ["plain_text"]) => {
    known(at, value, types);
    length(at, value?.text, most);
  };
  const link = (at: string, value: unknown) => {
    length(at, value, 3_000);
    if (!URL.canParse(String(value)) || !/^https?:/.test(String(value))) {
      faults.push(`invalid url [${at}]`);
    }
  };
  const image = (at: string, value: any) => {
    length(`${at}/alt_text`, value.alt_text, 2_000);
    if (!value.slack_file === !value.image_url) faults.push(`one of two sources [${at}]`);
    if (value.image_url) link(`${at}/image_url`, value.image_url);
    if (value.slack_file && typeof value.slack_file.id !== "string") faults.push(`no id [${at}]`);
  };
  const button = (at: string, value: any) => {
    known(at, value, ["button"]);
    text(`${at}/text`, value.text, 75);
    length(`${at}/action_id`, value.action_id, 255);
    if (ids.has(value.action_id)) faults.push(`action_id twice [${at}]`);
    ids.add(value.action_id);
    if (value.value !== undefined) length(`${at}/value`, value.value, 2_000);
    if (value.url !== undefined) link(`${at}/url`, value.url);
    if (![undefined, "primary", "danger"].includes(value.style)) faults.push(`style [${at}]`);
  };
  const overflow = (at: string, value: any) => {
    known(at, value, ["overflow"]);
    length(`${at}/action_id`, value.action_id, 255);
    if (ids.has(value.action_id)) faults.push(`action_id twice [${at}]`);
    ids.add(value.action_id);
    count(`${at}/options`, value.options, 5);
    for (const { text: shown, value: option } of value.options ?? []) {
      text(`${at}/options`, shown, 75);
      length(`${at}/options`, option, 75);
    }
  };
  const any = ["plain_text", "mrkdwn"];
  count("/blocks", blocks, 50);
  for (const [i, block] of blocks.entries()) {
    const at = `/blocks/${i}`;
    known(at, block, ["header", "section", "image", "context", "actions", "divider"]);
    ids.clear();
    if (block.type === "header") text(at, block.text, 150);
    else if (block.type === "image") image(at, block);
    else if (block.type === "section") {
      if (!block.text && !block.fields) faults.push(`no text and no fields [${at}]`);
      if (block.text) text(at, block.text, 3_000, any);
      if (block.fields) count(at, block.fields, 10);
      if (block.accessory) button(`${at}/accessory`, block.accessory);
      for (const field of block.fields ?? []) text(`${at}/fields`, field, 2_000, any);
    } else if (block.type === "context") {
      count(at, block.elements, 10);
      for (const one of block.elements ?? []) {
        if (one.type === "image") image(at, one);
        else text(`${at}/elements`, one, 3_000, any);
      }
    } else if (block.type === "actions") {
      count(at, block.elements, 25);
      for (const one of block.elements ?? []) {
        if (one.type === "overflow") overflow(`${at}/elements`, one);
        else button(`${at}/elements`, one);
      }
    }
  }
  return faults;
}
