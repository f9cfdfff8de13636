#!/usr/bin/env bash
# Logs a device in over MQTT with its X.509 certificate, and publishes one message with QoS 1. Needs mosquitto_pub.
# Environment: PRODUCT_KEY, DEVICE_NAME, CA_FILE (of the gateway), CERT_FILE and KEY_FILE (of the device); HOST and MQTTS_PORT if they are
# not 127.0.0.1 and 8883.
set -euo pipefail

mosquitto_pub -h "${HOST:-127.0.0.1}" -p "${MQTTS_PORT:-8883}" \
  --cafile "$CA_FILE" --cert "$CERT_FILE" --key "$KEY_FILE" -i '.|securemode=2|' \
  -q 1 -t "/$PRODUCT_KEY/$DEVICE_NAME/user/update" -m "${1:-hello with a certificate}"
echo "published and acknowledged"
