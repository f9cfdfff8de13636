#!/usr/bin/env bash
# Logs a device in over MQTT and TLS and publishes one message with QoS 1. Needs mosquitto_pub and openssl.
# Environment: PRODUCT_KEY, DEVICE_NAME, DEVICE_SECRET, CA_FILE; HOST and MQTTS_PORT if they are not 127.0.0.1 and 8883.
set -euo pipefail

client_id="$PRODUCT_KEY.$DEVICE_NAME"
text="clientId${client_id}deviceName${DEVICE_NAME}productKey${PRODUCT_KEY}"
mac=$(printf %s "$text" | openssl dgst -sha256 -hmac "$DEVICE_SECRET" -r | cut -d' ' -f1)

mosquitto_pub -h "${HOST:-127.0.0.1}" -p "${MQTTS_PORT:-8883}" --cafile "$CA_FILE" \
  -i "$client_id|securemode=2,signmethod=hmacsha256|" -u "$DEVICE_NAME&$PRODUCT_KEY" -P "$mac" \
  -q 1 -t "/$PRODUCT_KEY/$DEVICE_NAME/user/update" -m "${1:-hello over TLS}"
echo "published and acknowledged"
