-- The parts of Immich's schema that searching, following and jobs meet: names, types, keys, indexes, triggers
-- and functions behave as in Immich 3.1. The vectors' length is a parameter of whoever runs this.

create extension if not exists vector;
create extension if not exists pg_trgm;
create extension if not exists unaccent;

create function immich_uuid_v7(p_timestamp timestamptz default clock_timestamp()) returns uuid
language sql volatile as $$
    select encode(
        set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid())
                placing substring(int8send(floor(extract(epoch from p_timestamp) * 1000)::bigint) from 3)
                from 1 for 6),
            52, 1), 53, 1), 'hex')::uuid
$$;

create function updated_at() returns trigger language plpgsql as $$
declare
    moment timestamptz := clock_timestamp();
begin
    new."updatedAt" = moment;
    new."updateId" = immich_uuid_v7(moment);
    return new;
end
$$;

create function f_unaccent(text) returns text language sql immutable strict parallel safe
return unaccent('unaccent', $1);

create type asset_visibility_enum as enum ('archive', 'timeline', 'hidden', 'locked');
create type assets_status_enum as enum ('active', 'trashed', 'deleted');
create type asset_checksum_algorithm_enum as enum ('sha1', 'sha1-path');

create table "user" (
    id uuid primary key default gen_random_uuid(),
    email varchar not null unique,
    password varchar,
    "pinCode" varchar,
    name varchar not null default '',
    "isAdmin" boolean not null default false,
    "avatarColor" varchar,
    "profileImagePath" varchar not null default '',
    "profileChangedAt" timestamptz not null default now(),
    "storageLabel" varchar unique,
    "createdAt" timestamptz not null default now(),
    "updatedAt" timestamptz not null default now(),
    "deletedAt" timestamptz,
    "updateId" uuid not null default immich_uuid_v7()
);
create trigger "user_updatedAt" before update on "user" for each row execute function updated_at();

create table session (
    id uuid primary key default gen_random_uuid(),
    token bytea not null,
    "userId" uuid not null references "user" on update cascade on delete cascade,
    "createdAt" timestamptz not null default now(),
    "updatedAt" timestamptz not null default now(),
    "expiresAt" timestamptz,
    "pinExpiresAt" timestamptz,
    "updateId" uuid not null default immich_uuid_v7()
);
create index session_token_idx on session (token);

create table api_key (
    id uuid primary key default gen_random_uuid(),
    name varchar not null,
    key bytea not null,
    "userId" uuid not null references "user" on update cascade on delete cascade,
    permissions varchar[] not null
);
create index api_key_key_idx on api_key (key);

create table partner (
    "sharedById" uuid not null references "user" on delete cascade,
    "sharedWithId" uuid not null references "user" on delete cascade,
    "createdAt" timestamptz not null default now(),
    "updatedAt" timestamptz not null default now(),
    "inTimeline" boolean not null default false,
    "updateId" uuid not null default immich_uuid_v7(),
    primary key ("sharedById", "sharedWithId")
);

create table asset (
    id uuid primary key default gen_random_uuid(),
    "ownerId" uuid not null references "user" on update cascade on delete cascade,
    type varchar not null,
    "originalPath" varchar not null,
    "originalFileName" varchar not null,
    "fileCreatedAt" timestamptz not null,
    "fileModifiedAt" timestamptz not null,
    "localDateTime" timestamptz not null,
    "isFavorite" boolean not null default false,
    duration integer,
    checksum bytea not null,
    "checksumAlgorithm" asset_checksum_algorithm_enum not null default 'sha1',
    "livePhotoVideoId" uuid references asset on update cascade on delete set null,
    "createdAt" timestamptz not null default now(),
    "updatedAt" timestamptz not null default now(),
    "deletedAt" timestamptz,
    thumbhash bytea,
    "isOffline" boolean not null default false,
    "isExternal" boolean not null default false,
    "isEdited" boolean not null default false,
    "libraryId" uuid,
    "stackId" uuid,
    "duplicateId" uuid,
    status assets_status_enum not null default 'active',
    "updateId" uuid not null default immich_uuid_v7(),
    visibility asset_visibility_enum not null default 'timeline',
    width integer,
    height integer
);
create unique index "UQ_assets_owner_checksum" on asset ("ownerId", checksum) where "libraryId" is null;
create index "asset_fileCreatedAt_idx" on asset ("fileCreatedAt");
create index "asset_ownerId_idx" on asset ("ownerId");
create index "asset_updateId_idx" on asset ("updateId");
create index "asset_originalFilename_trigram_idx" on asset using gin (f_unaccent("originalFileName") gin_trgm_ops);
create trigger "asset_updatedAt" before update on asset for each row execute function updated_at();

create table asset_audit (
    id uuid primary key default immich_uuid_v7(),
    "assetId" uuid not null,
    "ownerId" uuid not null,
    "deletedAt" timestamptz not null default clock_timestamp()
);
create function asset_delete_audit() returns trigger language plpgsql as $$
begin
    insert into asset_audit ("assetId", "ownerId") select id, "ownerId" from old;
    return null;
end
$$;
create trigger asset_delete_audit after delete on asset referencing old table as old
for each statement when (pg_trigger_depth() = 0) execute function asset_delete_audit();

create table asset_exif (
    "assetId" uuid primary key references asset on delete cascade,
    make varchar,
    model varchar,
    "exifImageWidth" integer,
    "exifImageHeight" integer,
    "fileSizeInByte" bigint,
    orientation varchar,
    "dateTimeOriginal" timestamptz,
    "modifyDate" timestamptz,
    "timeZone" varchar,
    "lensModel" varchar,
    "fNumber" double precision,
    "focalLength" double precision,
    iso integer,
    "exposureTime" varchar,
    latitude double precision,
    longitude double precision,
    city varchar,
    state varchar,
    country varchar,
    description text not null default '',
    "projectionType" varchar,
    rating integer,
    "updatedAt" timestamptz not null default clock_timestamp(),
    "updateId" uuid not null default immich_uuid_v7()
);
create trigger "asset_exif_updatedAt" before update on asset_exif for each row execute function updated_at();

create table asset_file (
    id uuid primary key default gen_random_uuid(),
    "assetId" uuid not null references asset on update cascade on delete cascade,
    type varchar not null,
    path varchar not null,
    "isEdited" boolean not null default false,
    "createdAt" timestamptz not null default now(),
    "updatedAt" timestamptz not null default now(),
    "updateId" uuid not null default immich_uuid_v7(),
    unique ("assetId", type, "isEdited")
);

create table asset_job_status (
    "assetId" uuid primary key references asset on update cascade on delete cascade,
    "facesRecognizedAt" timestamptz,
    "metadataExtractedAt" timestamptz,
    "duplicatesDetectedAt" timestamptz,
    "ocrAt" timestamptz
);

create table asset_ocr (
    id uuid primary key default gen_random_uuid(),
    "assetId" uuid not null references asset on update cascade on delete cascade,
    x1 real not null, y1 real not null, x2 real not null, y2 real not null,
    x3 real not null, y3 real not null, x4 real not null, y4 real not null,
    "boxScore" real not null,
    "textScore" real not null,
    text text not null,
    "isVisible" boolean not null default true,
    "updateId" uuid not null default immich_uuid_v7()
);
create index "asset_ocr_assetId_idx" on asset_ocr ("assetId");
create index "asset_ocr_updateId_idx" on asset_ocr ("updateId");

create table asset_ocr_audit (
    id uuid primary key default immich_uuid_v7(),
    "assetId" uuid not null,
    "deletedAt" timestamptz not null default clock_timestamp()
);
create function asset_ocr_delete_audit() returns trigger language plpgsql as $$
begin
    insert into asset_ocr_audit ("assetId") select "assetId" from old;
    return null;
end
$$;
create trigger asset_ocr_delete_audit after delete on asset_ocr referencing old table as old
for each statement when (pg_trigger_depth() = 0) execute function asset_ocr_delete_audit();

create table ocr_search (
    "assetId" uuid primary key references asset on update cascade on delete cascade,
    text text not null
);
create index idx_ocr_search_text on ocr_search using gin (f_unaccent(text) gin_trgm_ops);

create table album (
    id uuid primary key default gen_random_uuid(),
    "albumName" varchar not null default 'Untitled Album',
    "createdAt" timestamptz not null default now(),
    "updatedAt" timestamptz not null default now(),
    "deletedAt" timestamptz
);
create table album_user (
    "albumId" uuid not null references album on update cascade on delete cascade,
    "userId" uuid not null references "user" on update cascade on delete cascade,
    role varchar not null default 'editor',
    primary key ("albumId", "userId")
);
create table album_asset (
    "albumId" uuid not null references album on update cascade on delete cascade,
    "assetId" uuid not null references asset on update cascade on delete cascade,
    primary key ("albumId", "assetId")
);

create table person (
    id uuid primary key default gen_random_uuid(),
    "ownerId" uuid not null references "user" on update cascade on delete cascade,
    name varchar not null default ''
);
create table asset_face (
    id uuid primary key default gen_random_uuid(),
    "assetId" uuid not null references asset on update cascade on delete cascade,
    "personId" uuid references person on update cascade on delete set null,
    "deletedAt" timestamptz,
    "isVisible" boolean not null default true
);

create table tag (
    id uuid primary key default gen_random_uuid(),
    "userId" uuid not null references "user" on update cascade on delete cascade,
    value varchar not null
);
create table tag_asset (
    "assetId" uuid not null references asset on update cascade on delete cascade,
    "tagId" uuid not null references tag on update cascade on delete cascade,
    primary key ("assetId", "tagId")
);
create table tag_closure (
    id_ancestor uuid not null references tag on delete cascade,
    id_descendant uuid not null references tag on delete cascade,
    primary key (id_ancestor, id_descendant)
);

create table shared_link (
    id uuid primary key default gen_random_uuid(),
    "userId" uuid not null references "user" on update cascade on delete cascade,
    key bytea not null unique,
    slug varchar unique,
    description varchar,
    "albumId" uuid references album on update cascade on delete cascade,
    "expiresAt" timestamptz,
    "allowUpload" boolean not null default false,
    "allowDownload" boolean not null default true,
    "showExif" boolean not null default true
);

create table system_metadata (key varchar primary key, value jsonb not null);
create table version_history (
    id uuid primary key default gen_random_uuid(),
    "createdAt" timestamptz not null default now(),
    version varchar not null
);
