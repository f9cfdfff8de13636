export { type HttpSettings, httpSettings } from "./settings.ts";
export { startHttp } from "./start-http.ts";
