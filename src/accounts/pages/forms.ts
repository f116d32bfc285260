import { z } from "@hono/zod-openapi";
import { NewCredential, NewValue } from "../../credentials/credentials.ts";
import { moment } from "../../http/forms.ts";
import { cursor } from "../../http/paging.ts";
import { Rotation } from "../../users/rotate.ts";
import { Role } from "../../users/users.ts";
import { UserChange } from "../change.ts";
import { NewUser } from "../create.ts";
import { WorkspaceState } from "../list.ts";

/** Browsers send every line end of a form as CR LF, whatever was pasted. */
const secret = z.string().transform((text) => text.replaceAll("\r\n", "\n"))
  .pipe(NewValue.shape.key_value);
const yesOrNo = z.enum(["true", "false"]).transform((text) => text === "true");

const any = z.literal("").transform(() => undefined);

export const Search = z.strictObject({
  q: z.string().trim().toLowerCase()
    .regex(/^[a-z0-9_-]{0,32}$/, "A username has at most 32 of a-z, 0-9, _ and -.").default(""),
  is_active: any.or(yesOrNo).optional(),
  role: any.or(Role).optional(),
  workspace: any.or(WorkspaceState).optional(),
  cursor: cursor(/^[\w-]{1,32}$/),
});

export const ChangeForm = z.strictObject({
  role: Role.optional(),
  is_active: yesOrNo.optional(),
}).pipe(UserChange);

export const RotationForm = z.strictObject({
  expires_at: moment(Rotation.shape.expires_at),
  grace_seconds: z.string().regex(/^\d{1,9}$/, "must be a whole number of seconds")
    .default("0").transform((text): number | undefined => Number(text)).pipe(
      Rotation.shape.grace_seconds,
    ),
});

/** The username is typed once more, so that nobody is removed by a slip. */
export const RemovalForm = z.strictObject({
  databases: z.enum(["keep", "drop"]),
  username: z.string(),
});

export const CredentialForm = z.strictObject({
  key_name: NewCredential.shape.key_name,
  key_value: secret,
  expires_at: moment(NewCredential.shape.expires_at),
});

export const ValueForm = CredentialForm.omit({ key_name: true });

const version = z.string().regex(/^[1-9]\d{0,8}$/).transform(Number);
export const VersionForm = z.strictObject({ version });
export const RevealForm = z.strictObject({ version: version.optional() });

/** A new user, as the form of the list sends it. */
export const NewUserForm = z.strictObject({
  ...NewUser.shape,
  adopt: z.literal("true").optional().transform((value) => value === "true"),
});
