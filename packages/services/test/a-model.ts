/** The model of a product in the tests: one property of each type of the vendor. */
export const A_MODEL = {
  schema: "https://example.com/schema.json",
  profile: { version: "1.0", productKey: "a1" },
  properties: [
    {
      identifier: "Temp",
      name: "temperature",
      accessMode: "rw",
      dataType: { type: "float", specs: { min: "-40", max: "100", step: "0.5", unit: "C" } },
    },
    { identifier: "Count", accessMode: "r", dataType: { type: "int", specs: { min: "0", max: "10" } } },
    { identifier: "Exact", dataType: { type: "double" } },
    { identifier: "Label", dataType: { type: "text", specs: { length: "8" } } },
    { identifier: "On", dataType: { type: "bool", specs: { "0": "off", "1": "on" } } },
    { identifier: "Mode", dataType: { type: "enum", specs: { "0": "slow", "5": "fast" } } },
    { identifier: "Since", dataType: { type: "date", specs: {} } },
    {
      identifier: "Place",
      dataType: {
        type: "struct",
        specs: [
          { identifier: "lon", dataType: { type: "double", specs: {} } },
          { identifier: "lat", dataType: { type: "double", specs: {} } },
        ],
      },
    },
    { identifier: "Lanes", dataType: { type: "array", specs: { size: "3", item: { type: "int" } } } },
  ],
  events: [
    { identifier: "post", type: "info", outputData: [], method: "thing.event.property.post" },
    {
      identifier: "overheat",
      name: "too hot",
      type: "alert",
      outputData: [{ identifier: "at", dataType: { type: "int", specs: { min: "0", max: "200" } } }],
      method: "thing.event.overheat.post",
    },
  ],
  services: [
    { identifier: "set", inputData: [{ identifier: "Temp" }], method: "thing.service.property.set" },
    { identifier: "get", inputData: ["Temp"], method: "thing.service.property.get" },
    {
      identifier: "reboot",
      callType: "async",
      inputData: [{ identifier: "delay", dataType: { type: "int", specs: { min: "0", max: "60" } } }],
      outputData: [],
      method: "thing.service.reboot",
    },
  ],
};
