# A static program in an otherwise empty image: docker build -t rootlint . && docker run --rm -v "$PWD:/work:ro" rootlint
FROM rust:1-alpine AS build
RUN apk add --no-cache musl-dev build-base
WORKDIR /source
COPY Cargo.toml Cargo.lock README.md ./
COPY benches benches
COPY checks checks
COPY docs/facts.schema.json docs/
COPY src src
RUN cargo build --locked --profile dist --bin rootlint

FROM scratch
COPY --from=build /source/target/dist/rootlint /rootlint
# Nobody in particular: what is looked at is only read.
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/rootlint"]
CMD ["check"]
