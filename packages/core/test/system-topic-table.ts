// Every row of wire-format 6.2, and what sections 6.3, 6.4, 7 and 8 add, written down a second time.

const UP = [
  "/sys/{pk}/{dn}/thing/model/up_raw",
  "/sys/{pk}/{dn}/thing/event/property/post",
  "/sys/{pk}/{dn}/thing/event/alarm/post",
  "/sys/{pk}/{dn}/thing/event/module:alarm/post",
  "/sys/{pk}/{dn}/thing/event/property/history/post",
  "/sys/{pk}/{dn}/thing/property/history/post",
  "/sys/{pk}/{dn}/thing/event/property/pack/post",
  "/sys/{pk}/{dn}/thing/event/property/batch/post",
  "/sys/{pk}/{dn}/thing/property/desired/get",
  "/sys/{pk}/{dn}/thing/property/desired/delete",
  "/sys/{pk}/{dn}/thing/deviceinfo/update",
  "/sys/{pk}/{dn}/thing/deviceinfo/delete",
  "/sys/{pk}/{dn}/thing/dsltemplate/get",
  "/sys/{pk}/{dn}/thing/dynamicTsl/get",
  "/sys/{pk}/{dn}/thing/config/get",
  "/sys/{pk}/{dn}/thing/config/log/get",
  "/sys/{pk}/{dn}/thing/log/post",
  "/sys/{pk}/{dn}/thing/ota/firmware/get",
  "/sys/{pk}/{dn}/thing/file/upload/mqtt/init",
  "/sys/{pk}/{dn}/thing/file/upload/mqtt/send",
  "/sys/{pk}/{dn}/thing/file/upload/mqtt/cancel",
  "/sys/{pk}/{dn}/thing/topo/add",
  "/sys/{pk}/{dn}/thing/topo/delete",
  "/sys/{pk}/{dn}/thing/topo/get",
  "/sys/{pk}/{dn}/thing/sub/register",
  "/sys/{pk}/{dn}/thing/sub/unregister",
  "/sys/{pk}/{dn}/thing/proxy/provisioning/product_register",
  "/sys/{pk}/{dn}/thing/list/found",
  "/sys/{pk}/{dn}/_thing/diag/post",
  "/ext/session/{pk}/{dn}/combine/login",
  "/ext/session/{pk}/{dn}/combine/logout",
  "/ext/session/{pk}/{dn}/combine/batch_login",
  "/ext/session/{pk}/{dn}/combine/batch_logout",
];
const UP_WITHOUT_REPLY = [
  "/sys/{pk}/{dn}/rrpc/response/1234567890",
  "/ext/ntp/{pk}/{dn}/request",
  "/shadow/update/{pk}/{dn}",
  "/ota/device/inform/{pk}/{dn}",
  "/ota/device/progress/{pk}/{dn}",
];
const DOWN = [
  "/sys/{pk}/{dn}/thing/model/down_raw",
  "/sys/{pk}/{dn}/thing/service/property/set",
  "/sys/{pk}/{dn}/thing/service/property/get",
  "/sys/{pk}/{dn}/thing/service/reboot",
  "/sys/{pk}/{dn}/thing/service/module/reboot",
  "/sys/{pk}/{dn}/thing/config/push",
  "/sys/{pk}/{dn}/thing/config/log/push",
  "/sys/{pk}/{dn}/thing/topo/add/notify",
  "/sys/{pk}/{dn}/thing/topo/change",
  "/sys/{pk}/{dn}/thing/delete",
  "/sys/{pk}/{dn}/thing/disable",
  "/sys/{pk}/{dn}/thing/enable",
  "/sys/{pk}/{dn}/thing/gateway/permit",
];
const DOWN_WITHOUT_REPLY = [
  "/sys/{pk}/{dn}/rrpc/request/1234567890",
  "/ext/ntp/{pk}/{dn}/response",
  "/ext/error/{pk}/{dn}",
  "/shadow/get/{pk}/{dn}",
  "/ota/device/upgrade/{pk}/{dn}",
];
/** Topics that both send on. */
export const BOTH = [
  "/ota/device/request/{pk}/{dn}",
  "/ext/rrpc/1234567890/sys/{pk}/{dn}/thing/service/reboot",
  "/ext/rrpc/1234567890/{pk}/{dn}/user/get",
  "/ext/rrpc/1234567890/anything",
];
const reply = (topic: string) => `${topic}_reply`;

/** Topics that devices send on. */
export const ALL_UP = [...UP, ...UP_WITHOUT_REPLY, ...DOWN.map(reply)];

/** Topics that the cloud sends on. */
export const ALL_DOWN = [...DOWN, ...DOWN_WITHOUT_REPLY, ...UP.map(reply)];
