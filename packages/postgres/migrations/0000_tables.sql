CREATE TABLE "batch_errors" (
	"batch_id" text NOT NULL,
	"line" integer NOT NULL,
	"device_name" text NOT NULL,
	"code" text NOT NULL,
	"message" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "batch_lines" (
	"batch_id" text NOT NULL,
	"line" integer NOT NULL,
	"device_name" text,
	"nickname" text,
	"tags" jsonb,
	CONSTRAINT "batch_lines_batch_id_line_pk" PRIMARY KEY("batch_id","line")
);
--> statement-breakpoint
CREATE TABLE "batches" (
	"batch_id" text PRIMARY KEY NOT NULL,
	"product_key" text NOT NULL,
	"status" text NOT NULL,
	"total" integer NOT NULL,
	"done" integer DEFAULT 0 NOT NULL,
	"failed" integer NOT NULL,
	"idempotency_key" text,
	"fingerprint" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"worker" text,
	"leased_until" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "mailbox_messages" (
	"position" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "mailbox_messages_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"product_key" text NOT NULL,
	"device_name" text NOT NULL,
	"message_id" text NOT NULL,
	"idempotency_key" text,
	"topic" text NOT NULL,
	"payload" "bytea" NOT NULL,
	"payload_bytes" integer NOT NULL,
	"qos" smallint NOT NULL,
	"state" text NOT NULL,
	"waiting" boolean NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"expires_at_ms" bigint NOT NULL,
	"changed_at_ms" bigint NOT NULL,
	"ends_at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "uplink_cursors" (
	"group_name" text NOT NULL,
	"partition" smallint NOT NULL,
	"read_to" bigint NOT NULL,
	"consumer" text,
	"out" jsonb NOT NULL,
	"again" jsonb NOT NULL,
	CONSTRAINT "uplink_cursors_group_name_partition_pk" PRIMARY KEY("group_name","partition")
);
--> statement-breakpoint
CREATE TABLE "uplink_groups" (
	"name" text PRIMARY KEY NOT NULL,
	"starts_at" text NOT NULL,
	"start_position" bigint NOT NULL,
	"ack_deadline_ms" bigint NOT NULL,
	"bound" boolean DEFAULT false NOT NULL,
	"product_key" text
);
--> statement-breakpoint
CREATE TABLE "uplink_messages" (
	"position" bigint PRIMARY KEY NOT NULL,
	"partition" smallint NOT NULL,
	"message_id" text NOT NULL,
	"product_key" text NOT NULL,
	"device_name" text NOT NULL,
	"topic" text NOT NULL,
	"payload" "bytea" NOT NULL,
	"bytes" integer NOT NULL,
	"qos" smallint NOT NULL,
	"transport" text NOT NULL,
	"received_at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "uplink_usage" (
	"only_row" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"last_position" bigint NOT NULL,
	"bytes" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at_ms" bigint NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"target" text NOT NULL,
	"detail" jsonb NOT NULL,
	"peer" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "devices" (
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"iot_id" text NOT NULL,
	"sealed_secret" text NOT NULL,
	"secret_version" integer DEFAULT 1 NOT NULL,
	"disabled" boolean DEFAULT false NOT NULL,
	"nickname" text,
	"tags" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"batch_id" text,
	"created_at_ms" bigint NOT NULL,
	"activated_at_ms" bigint,
	"presence_epoch" bigint DEFAULT 0 NOT NULL,
	"online" boolean DEFAULT false NOT NULL,
	"last_online_at_ms" bigint,
	"last_offline_at_ms" bigint,
	"last_peer" text,
	"last_transport" text,
	CONSTRAINT "devices_product_key_device_name_pk" PRIMARY KEY("product_key","device_name")
);
--> statement-breakpoint
CREATE TABLE "products" (
	"product_key" text collate "C" PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"node_type" text NOT NULL,
	"policy" jsonb NOT NULL,
	"topic_classes" jsonb NOT NULL,
	"sealed_secret" text NOT NULL,
	"created_at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"ordinal" bigint GENERATED ALWAYS AS IDENTITY (sequence name "sessions_ordinal_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"session_id" text NOT NULL,
	"product_key" text NOT NULL,
	"device_name" text NOT NULL,
	"iot_id" text NOT NULL,
	"secret_version" integer NOT NULL,
	"transport" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"expires_at_ms" bigint NOT NULL,
	"sealing" jsonb,
	"highest_sequence" bigint,
	"taken_sequences" text DEFAULT '0' NOT NULL
);
--> statement-breakpoint
CREATE TABLE "subscriptions" (
	"product_key" text NOT NULL,
	"device_name" text NOT NULL,
	"filters" jsonb NOT NULL,
	CONSTRAINT "subscriptions_product_key_device_name_pk" PRIMARY KEY("product_key","device_name")
);
--> statement-breakpoint
ALTER TABLE "batch_errors" ADD CONSTRAINT "batch_errors_batch_id_batches_batch_id_fk" FOREIGN KEY ("batch_id") REFERENCES "public"."batches"("batch_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "batch_lines" ADD CONSTRAINT "batch_lines_batch_id_batches_batch_id_fk" FOREIGN KEY ("batch_id") REFERENCES "public"."batches"("batch_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "uplink_cursors" ADD CONSTRAINT "uplink_cursors_group_name_uplink_groups_name_fk" FOREIGN KEY ("group_name") REFERENCES "public"."uplink_groups"("name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "devices" ADD CONSTRAINT "devices_product_key_products_product_key_fk" FOREIGN KEY ("product_key") REFERENCES "public"."products"("product_key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "batch_errors_line" ON "batch_errors" USING btree ("batch_id","line");--> statement-breakpoint
CREATE UNIQUE INDEX "batches_idempotency" ON "batches" USING btree ("product_key","idempotency_key");--> statement-breakpoint
CREATE INDEX "batches_unfinished" ON "batches" USING btree ("created_at_ms","batch_id") WHERE "batches"."status" <> 'done';--> statement-breakpoint
CREATE UNIQUE INDEX "mailbox_message" ON "mailbox_messages" USING btree ("product_key","device_name","message_id");--> statement-breakpoint
CREATE UNIQUE INDEX "mailbox_idempotency" ON "mailbox_messages" USING btree ("product_key","device_name","idempotency_key") WHERE "mailbox_messages"."idempotency_key" is not null;--> statement-breakpoint
CREATE INDEX "mailbox_waiting" ON "mailbox_messages" USING btree ("product_key","device_name","position") WHERE "mailbox_messages"."waiting";--> statement-breakpoint
CREATE INDEX "mailbox_ends" ON "mailbox_messages" USING btree ("ends_at_ms");--> statement-breakpoint
CREATE INDEX "uplink_partition" ON "uplink_messages" USING btree ("partition","position");--> statement-breakpoint
CREATE INDEX "audit_action" ON "audit" USING btree ("action","id");--> statement-breakpoint
CREATE INDEX "audit_target" ON "audit" USING btree ("target","id");--> statement-breakpoint
CREATE INDEX "devices_tags" ON "devices" USING gin ("tags" jsonb_path_ops);--> statement-breakpoint
CREATE INDEX "devices_batch" ON "devices" USING btree ("batch_id","device_name") WHERE "devices"."batch_id" is not null;--> statement-breakpoint
CREATE INDEX "sessions_device" ON "sessions" USING btree ("product_key","device_name");--> statement-breakpoint
CREATE INDEX "sessions_expiry" ON "sessions" USING btree ("expires_at_ms");