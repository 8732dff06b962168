# whisper.cpp and llama.cpp each bundle ggml, at different versions. Linked into
# one program the two copies clash, so whisper.cpp is built on llama.cpp's copy.
#
# CMake includes this file right after every project() call, because
# .cargo/config.toml names it as CMAKE_PROJECT_INCLUDE. whisper.cpp skips its own
# ggml where a target of that name exists already; it calls project() twice, hence
# the guard.
if(PROJECT_NAME STREQUAL "whisper.cpp" AND NOT TARGET ggml)
  # Cargo unpacks both crates side by side (also in a vendored tree).
  file(GLOB llama_ggml LIST_DIRECTORIES true
       "$ENV{CARGO_MANIFEST_DIR}/../llama-cpp-sys-2*/llama.cpp/ggml")
  list(LENGTH llama_ggml found)
  if(NOT found EQUAL 1)
    message(FATAL_ERROR
      "one-ggml: expected exactly one llama.cpp/ggml beside $ENV{CARGO_MANIFEST_DIR}, "
      "found ${found}: '${llama_ggml}'. Run 'cargo clean' and remove llama-cpp-sys-2 "
      "versions other than the one in Cargo.lock from the registry's source folder.")
  endif()
  message(STATUS "one-ggml: whisper.cpp uses ${llama_ggml}")
  # ggml takes this machine's instructions unless told otherwise. llama-cpp-sys-2 tells it when
  # Cargo builds for another processor, whisper-rs-sys does not; without them ggml takes those
  # of x86-64-v3. Either build of ggml may end up in the program.
  if(NOT "$ENV{CARGO_ENCODED_RUSTFLAGS}" MATCHES "target-cpu=native")
    set(GGML_NATIVE OFF CACHE BOOL "" FORCE)
  endif()
  # llama.cpp switches this on for its own build; a ggml by itself leaves it off, and whisper.cpp
  # then multiplies its matrices by one dot product after another.
  set(GGML_LLAMAFILE ON CACHE BOOL "" FORCE)
  add_subdirectory("${llama_ggml}" "${CMAKE_BINARY_DIR}/one-ggml")
endif()

# Some virtual machines announce AMX but end a program that uses it (SIGSEGV at
# ldtilecfg), and ggml believes what is announced. AVX-512 and below remain.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  add_compile_options(-mno-amx-tile -mno-amx-int8 -mno-amx-bf16)
endif()
