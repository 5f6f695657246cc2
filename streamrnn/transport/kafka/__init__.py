"""Apache Kafka by kafka-python: a member of a consumer group with a transactional outbox for each partition."""
