/**
 * The service that ours is measured beside: list, get and reveal on the same tables as a team would
 * write them with Express and pg. It records nothing of what it reveals.
 */
import { createDecipheriv, createHash } from "node:crypto";
import process from "node:process";
import express from "express";
import pg from "pg";

const { PORT, DATABASE_URL, SEAL_KEY } = process.env;
const sealKey = Buffer.from(SEAL_KEY, "base64");
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 20 });
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

const app = express();
app.use(express.json());

app.use(async (req, res, next) => {
  const key = req.get("authorization")?.replace(/^Bearer /, "");
  if (!key) return res.status(401).json({ error: "Send your API key." });
  const { rows } = await pool.query(
    `select u.id, u.username, u.role from api_keys k join users u on u.id = k.user_id
     where k.hash = $1 and u.is_active and (k.expires_at is null or k.expires_at > now())`,
    [createHash("sha256").update(key).digest()],
  );
  if (rows.length === 0) return res.status(401).json({ error: "This API key is not valid." });
  req.user = rows[0];
  next();
});

app.get("/api/v1/users", async (req, res) => {
  if (req.user.role !== "admin") return res.status(403).json({ error: "Only for admins." });
  const limit = Math.min(Number(req.query.limit) || 50, 500);
  const after = Buffer.from(req.query.cursor ?? "", "base64url").toString();
  const { rows } = await pool.query(
    `select id, username, is_active, role, created_at from users
     where username > $1 order by username limit $2`,
    [after, limit],
  );
  const last = rows.length === limit ? rows[limit - 1].username : null;
  res.json({ users: rows, next_cursor: last && Buffer.from(last).toString("base64url") });
});

app.use("/api/v1/users/:id", (req, res, next) => {
  if (req.user.role === "admin" || req.user.id === Number(req.params.id)) return next();
  res.status(404).json({ error: "There is no such user." });
});

app.get("/api/v1/users/:id", async (req, res) => {
  const { rows } = await pool.query(
    `select u.id, u.username, u.is_active, u.role, u.created_at,
       (select count(*) from dashboards where user_id = u.id and deleted_at is null) as dashboards,
       (select count(*) from credentials where user_id = u.id) as credentials,
       (select max(last_used_at) from api_keys where user_id = u.id) as last_used_at
     from users u where u.id = $1`,
    [req.params.id],
  );
  if (rows.length === 0) return res.status(404).json({ error: "There is no such user." });
  const { dashboards, credentials, ...user } = rows[0];
  res.json({ ...user, counts: { dashboards, credentials } });
});

app.get("/api/v1/users/:id/credentials/:key_name", async (req, res) => {
  const { id, key_name } = req.params;
  const { rows } = await pool.query(
    `select key_name, key_value, version, created_at, updated_at, expires_at from credentials
     where user_id = $1 and key_name = $2`,
    [id, key_name],
  );
  if (rows.length === 0) return res.status(404).json({ error: "There is no such credential." });
  res.json({ ...rows[0], key_value: open(`credentials/${id}/${key_name}`, rows[0].key_value) });
});

/** `dk1.<key id>.<wrapped data key>.<value>`, as src/credentials/seal.ts writes it. */
function open(where, sealed) {
  const [, , wrapped, value] = sealed.split(".");
  const dataKey = decrypt(sealKey, where, wrapped);
  return decrypt(dataKey, where, value).toString();
}

function decrypt(key, where, text) {
  const bytes = Buffer.from(text, "base64url");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
  decipher.setAAD(Buffer.from(where));
  decipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
}

app.listen(Number(PORT), "127.0.0.1", () => console.log("ready"));
