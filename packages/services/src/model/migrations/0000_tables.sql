CREATE TABLE "model_calls" (
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"call_id" bigint NOT NULL,
	"service" text NOT NULL,
	"params" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"expires_at_ms" bigint NOT NULL,
	"waiting_node" text,
	"answered_at_ms" bigint,
	"code" bigint,
	"message" text,
	"data" text,
	CONSTRAINT "model_calls_product_key_device_name_call_id_pk" PRIMARY KEY("product_key","device_name","call_id")
);
--> statement-breakpoint
CREATE TABLE "model_desired" (
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"identifier" text collate "C" NOT NULL,
	"value" text,
	"version" integer NOT NULL,
	"changed_at_ms" bigint NOT NULL,
	CONSTRAINT "model_desired_product_key_device_name_identifier_pk" PRIMARY KEY("product_key","device_name","identifier")
);
--> statement-breakpoint
CREATE TABLE "model_events" (
	"iot_id" text collate "C" NOT NULL,
	"message_id" text collate "C" NOT NULL,
	"place" integer NOT NULL,
	"identifier" text collate "C" NOT NULL,
	"at_ms" bigint NOT NULL,
	"expires_at_ms" bigint NOT NULL,
	"received_at_ms" bigint NOT NULL,
	"value" text NOT NULL,
	CONSTRAINT "model_events_iot_id_at_ms_message_id_place_expires_at_ms_pk" PRIMARY KEY("iot_id","at_ms","message_id","place","expires_at_ms")
) PARTITION BY RANGE ("expires_at_ms");
--> statement-breakpoint
CREATE TABLE "model_history" (
	"iot_id" text collate "C" NOT NULL,
	"identifier" text collate "C" NOT NULL,
	"at_ms" bigint NOT NULL,
	"expires_at_ms" bigint NOT NULL,
	"received_at_ms" bigint NOT NULL,
	"value" text NOT NULL,
	CONSTRAINT "model_history_iot_id_identifier_at_ms_expires_at_ms_pk" PRIMARY KEY("iot_id","identifier","at_ms","expires_at_ms")
) PARTITION BY RANGE ("expires_at_ms");
--> statement-breakpoint
CREATE TABLE "model_products" (
	"product_key" text collate "C" PRIMARY KEY NOT NULL,
	"model" json,
	"version" integer DEFAULT 0 NOT NULL,
	"validate" text NOT NULL,
	"history_days" integer NOT NULL,
	"changed_at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "model_values" (
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"identifier" text collate "C" NOT NULL,
	"value" text NOT NULL,
	"at_ms" bigint NOT NULL,
	"received_at_ms" bigint NOT NULL,
	CONSTRAINT "model_values_product_key_device_name_identifier_pk" PRIMARY KEY("product_key","device_name","identifier")
);
--> statement-breakpoint
ALTER TABLE "model_calls" ADD CONSTRAINT "model_calls_device" FOREIGN KEY ("product_key","device_name") REFERENCES "public"."devices"("product_key","device_name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "model_desired" ADD CONSTRAINT "model_desired_device" FOREIGN KEY ("product_key","device_name") REFERENCES "public"."devices"("product_key","device_name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "model_products" ADD CONSTRAINT "model_products_product_key_products_product_key_fk" FOREIGN KEY ("product_key") REFERENCES "public"."products"("product_key") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "model_values" ADD CONSTRAINT "model_values_device" FOREIGN KEY ("product_key","device_name") REFERENCES "public"."devices"("product_key","device_name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "model_calls_created" ON "model_calls" USING btree ("created_at_ms");