CREATE TABLE "shadows" (
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"revision" bigint NOT NULL,
	"shadow" json,
	"tell_revision" bigint,
	"tell_at_ms" bigint,
	"told_message_id" text,
	CONSTRAINT "shadows_product_key_device_name_pk" PRIMARY KEY("product_key","device_name")
);
--> statement-breakpoint
ALTER TABLE "shadows" ADD CONSTRAINT "shadows_device" FOREIGN KEY ("product_key","device_name") REFERENCES "public"."devices"("product_key","device_name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "shadows_tell" ON "shadows" USING btree ("tell_at_ms") WHERE "shadows"."tell_revision" is not null;