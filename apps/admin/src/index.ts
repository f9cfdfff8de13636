export type { AdminDeps } from "./admin-deps.ts";
export { type AdminKey, openAdminKey } from "./admin-key.ts";
export { type AdminSettings, adminSettings } from "./settings.ts";
export { startAdmin } from "./start-admin.ts";
