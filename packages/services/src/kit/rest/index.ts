export { instant, pageOf, pageQuery } from "./pages.ts";
export { isServiceProblem, type ServiceProblem, serviceProblem } from "./service-problem.ts";
export { type RouteRequest, route, type ServiceRoute } from "./service-route.ts";
