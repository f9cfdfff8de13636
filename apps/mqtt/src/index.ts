export { type MqttSettings, mqttSettings } from "./settings.ts";
export { startMqtt } from "./start-mqtt.ts";
