/** Fields that its table does not have are null or 0. */
export type SealedRow = {
  id: number;
  version: number;
  user_id: number | null;
  username: string | null;
  key_name: string | null;
  sealed: string;
};

/** `id` and `version` are the key of the table `t`; `user_id` and `key_name` are SQL over it and `join`. */
export type SealedColumn = {
  table: string;
  id: string;
  version?: string;
  column: string;
  join?: string;
  user_id?: string;
  key_name?: string;
  aad(row: SealedRow): string;
  label(row: SealedRow): string;
};

export const credentialAad = (user_id: number, key_name: string) =>
  `credentials/${user_id}/${key_name}`;

const aad = ({ user_id, key_name }: SealedRow) => credentialAad(user_id!, key_name!);

export const SEALED_CREDENTIALS: SealedColumn[] = [
  {
    table: "credentials",
    id: "id",
    column: "key_value",
    user_id: "t.user_id",
    key_name: "t.key_name",
    aad,
    label: ({ username, key_name }) => `${username}/${key_name}`,
  },
  {
    table: "credential_versions",
    id: "credential_id",
    version: "version",
    column: "key_value",
    join: "join credentials c on c.id = t.credential_id",
    user_id: "c.user_id",
    key_name: "c.key_name",
    aad,
    label: ({ username, key_name, version }) => `${username}/${key_name} version ${version}`,
  },
];
