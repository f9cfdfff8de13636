CREATE TABLE "data_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"wrapped_by" text NOT NULL,
	"wrapped" text NOT NULL,
	"created_at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "key_state" (
	"id" smallint PRIMARY KEY DEFAULT 1 NOT NULL,
	"installation_id" text NOT NULL,
	"primary_key" text NOT NULL,
	"active_data_key" text,
	"rotation" jsonb,
	"worker" text,
	"leased_until" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "master_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"check_value" text NOT NULL,
	"added_at_ms" bigint NOT NULL,
	"retired_at_ms" bigint
);
--> statement-breakpoint
CREATE TABLE "spent_versions" (
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"secret_version" integer NOT NULL,
	CONSTRAINT "spent_versions_product_key_device_name_pk" PRIMARY KEY("product_key","device_name")
);
--> statement-breakpoint
ALTER TABLE "devices" ALTER COLUMN "sealed_secret" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "products" ADD COLUMN "sealed_seed" text;