export { decodeBase64 } from "./decode-base64.ts";
export { instant, pageOf, pageQuery } from "./pages.ts";
export { payloadBody, payloadOf } from "./payload-body.ts";
export { isServiceProblem, type ServiceProblem, serviceProblem } from "./service-problem.ts";
export { type RouteRequest, route, type ServiceRoute } from "./service-route.ts";
