export type { DeviceTls, TlsOptions, X509Identity } from "./channel/tls-options.ts";
export type { CoapConnection, CoapMessage, CoapObservation, CoapOptions } from "./coap/coap-connection.ts";
export { connectCoap } from "./coap/connect-coap.ts";
export type { DeviceCertificate } from "./device-certificate.ts";
export type { DeviceConnection, DeviceMessage, PublishAnswer } from "./device-connection.ts";
export { DeviceError } from "./device-error.ts";
export { connectHttp } from "./http/connect-http.ts";
export { connectHttpByX509, type HttpX509Connection, type HttpX509Options } from "./http/connect-http-by-x509.ts";
export type { HttpConnection, HttpMessage, HttpOptions } from "./http/http-connection.ts";
export { type CoapSignOptions, signCoapLogin } from "./login/sign-coap-login.ts";
export { type SignedLogin, type SignOptions, signFields } from "./login/sign-fields.ts";
export { signHttpLogin } from "./login/sign-http-login.ts";
export { type MqttLogin, type MqttSignOptions, signMqttLogin } from "./login/sign-mqtt-login.ts";
export { type PskLogin, signPsk } from "./login/sign-psk.ts";
export {
  type Firmware,
  registrationConnect,
  type SignedRegistration,
  signRegistration,
} from "./login/sign-registration.ts";
export { connectMqtt } from "./mqtt/connect-mqtt.ts";
export { connectMqttByX509, type MqttX509Connection, type MqttX509Options } from "./mqtt/connect-mqtt-by-x509.ts";
export type { MqttConnection, MqttMessage, MqttOptions } from "./mqtt/mqtt-connection.ts";
