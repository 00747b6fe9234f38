// Command lelu-opa is OPA's own parser, compiler, evaluator and test runner behind three Wasm exports.
// It is built as a WASI reactor: the host calls _initialize once, then lelu_call as often as it likes.
package main

import (
	"fmt"
	"runtime/debug"
	"unsafe"
)

// buffers keeps what the host holds a pointer to away from the garbage collector.
var buffers = map[uint32][]byte{}

func main() {}

// alloc gives the host size bytes of linear memory to write a request into.
//
//go:wasmexport lelu_alloc
func alloc(size uint32) uint32 {
	buffer := make([]byte, max(size, 1))
	return keep(buffer)
}

// free releases a buffer from lelu_alloc or lelu_call.
//
//go:wasmexport lelu_free
func free(pointer uint32) {
	delete(buffers, pointer)
}

// call answers the JSON request in the buffer; the result is pointer<<32 | length of a JSON response.
//
//go:wasmexport lelu_call
func call(pointer, length uint32) uint64 {
	request, ok := buffers[pointer]
	if !ok || int(length) > len(request) {
		return reply(encode(response{Failure: "the request is not in a buffer from lelu_alloc"}))
	}
	return reply(answer(request[:length]))
}

func answer(request []byte) (out []byte) {
	// A bug in the compiler must cost one request, never look like a policy that compiled.
	defer func() {
		if reason := recover(); reason != nil {
			out = encode(response{Failure: fmt.Sprintf("panic: %v\n%s", reason, debug.Stack())})
		}
	}()
	return encode(dispatch(request))
}

func reply(bytes []byte) uint64 {
	return uint64(keep(bytes))<<32 | uint64(len(bytes))
}

func keep(buffer []byte) uint32 {
	pointer := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(buffer))))
	buffers[pointer] = buffer
	return pointer
}
