import type { SealedColumn } from "../credentials/sealed.ts";

export const retryAad = (kind: string, subject: string) => `retries/${kind}/${subject}`;

export const SEALED_RETRIES: SealedColumn[] = [{
  table: "retries",
  id: "id",
  column: "secret",
  key_name: "t.kind || '/' || t.subject",
  aad: ({ key_name }) => `retries/${key_name}`,
  label: ({ key_name }) => `the secret of the retry ${key_name}`,
}];
