# fault: threads take gradient buffers without the lock
# file: core/train/engine.c
# runner: train tsan engine/*
/pthread_mutex_\(un\)\?lock(&engine->spare_lock)/d
