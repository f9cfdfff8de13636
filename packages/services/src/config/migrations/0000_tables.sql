CREATE TABLE "config_answers" (
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"push_id" bigint NOT NULL,
	"code" integer NOT NULL,
	"answered_at_ms" bigint NOT NULL,
	CONSTRAINT "config_answers_pk" PRIMARY KEY("product_key","device_name")
);
--> statement-breakpoint
CREATE TABLE "config_pushes" (
	"push_id" bigserial NOT NULL,
	"product_key" text collate "C" NOT NULL,
	"config_id" text NOT NULL,
	"rate_per_second" integer NOT NULL,
	"ttl_ms" bigint NOT NULL,
	"started_at_ms" bigint NOT NULL,
	"after" text collate "C",
	"sent" bigint DEFAULT 0 NOT NULL,
	"failed" bigint DEFAULT 0 NOT NULL,
	"finished_at_ms" bigint,
	"due_at_ms" bigint,
	CONSTRAINT "config_pushes_pk" PRIMARY KEY("product_key")
);
--> statement-breakpoint
CREATE TABLE "config_versions" (
	"product_key" text collate "C" NOT NULL,
	"version" bigint NOT NULL,
	"config_id" text NOT NULL,
	"size" integer NOT NULL,
	"sha256" text NOT NULL,
	"content" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	CONSTRAINT "config_versions_pk" PRIMARY KEY("product_key","version")
);
--> statement-breakpoint
ALTER TABLE "config_answers" ADD CONSTRAINT "config_answers_device_fk" FOREIGN KEY ("product_key","device_name") REFERENCES "public"."devices"("product_key","device_name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "config_pushes" ADD CONSTRAINT "config_pushes_product_key_products_product_key_fk" FOREIGN KEY ("product_key") REFERENCES "public"."products"("product_key") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "config_versions" ADD CONSTRAINT "config_versions_product_key_products_product_key_fk" FOREIGN KEY ("product_key") REFERENCES "public"."products"("product_key") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "config_pushes_due" ON "config_pushes" USING btree ("due_at_ms");--> statement-breakpoint
CREATE UNIQUE INDEX "config_versions_by_id" ON "config_versions" USING btree ("product_key","config_id");