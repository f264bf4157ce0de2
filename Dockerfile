# net-alb in an image without a shell. Build it at the root of the repository: docker build --tag net-alb .
FROM rust:1.95-bookworm AS build
# aws-lc, the cryptography, is C.
RUN apt-get update && apt-get install --yes --no-install-recommends cmake
WORKDIR /src
COPY . .
RUN cargo build --profile dist --locked --package net-alb

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/dist/net-alb /usr/local/bin/net-alb
ENTRYPOINT ["/usr/local/bin/net-alb"]
