-- Vectors of pictures. Text search needs no extension.
create extension if not exists vector;
