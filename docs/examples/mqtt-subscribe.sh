#!/usr/bin/env bash
# Logs a device in over MQTT and prints the first message that it is sent; gives up after 30 s. Needs mosquitto_sub and openssl.
# Environment: PRODUCT_KEY, DEVICE_NAME, DEVICE_SECRET; HOST and MQTT_PORT if they are not 127.0.0.1 and 1883.
set -euo pipefail

client_id="$PRODUCT_KEY.$DEVICE_NAME"
text="clientId${client_id}deviceName${DEVICE_NAME}productKey${PRODUCT_KEY}"
mac=$(printf %s "$text" | openssl dgst -sha256 -hmac "$DEVICE_SECRET" -r | cut -d' ' -f1)

mosquitto_sub -h "${HOST:-127.0.0.1}" -p "${MQTT_PORT:-1883}" \
  -i "$client_id|securemode=3,signmethod=hmacsha256|" -u "$DEVICE_NAME&$PRODUCT_KEY" -P "$mac" \
  -q 1 -t "/$PRODUCT_KEY/$DEVICE_NAME/user/get" -C 1 -W 30
