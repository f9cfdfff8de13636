#!/usr/bin/env bash
# Posts a property and asks for the time, each with its answer. Needs mosquitto_rr and openssl.
# Environment: PRODUCT_KEY, DEVICE_NAME, DEVICE_SECRET; HOST and MQTT_PORT if they are not 127.0.0.1 and 1883.
set -euo pipefail

client_id="$PRODUCT_KEY.$DEVICE_NAME"
text="clientId${client_id}deviceName${DEVICE_NAME}productKey${PRODUCT_KEY}"
mac=$(printf %s "$text" | openssl dgst -sha256 -hmac "$DEVICE_SECRET" -r | cut -d' ' -f1)

ask() { # topic, topic of the answer, payload
  mosquitto_rr -h "${HOST:-127.0.0.1}" -p "${MQTT_PORT:-1883}" -V mqttv311 -W 10 \
    -i "$client_id|securemode=3,signmethod=hmacsha256|" -u "$DEVICE_NAME&$PRODUCT_KEY" -P "$mac" \
    -q 1 -t "$1" -e "$2" -m "$3"
}

post="/sys/$PRODUCT_KEY/$DEVICE_NAME/thing/event/property/post"
ask "$post" "${post}_reply" '{"id":"1","version":"1.0","params":{"Temperature":21.5},"method":"thing.event.property.post"}'

ntp="/ext/ntp/$PRODUCT_KEY/$DEVICE_NAME"
ask "$ntp/request" "$ntp/response" "{\"deviceSendTime\":\"$(date +%s000)\"}"
