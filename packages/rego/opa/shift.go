package main

import (
	"reflect"
	"unsafe"

	"github.com/open-policy-agent/opa/v1/ast"
)

// shiftUp moves every location in a parsed module, or in the errors of one, a line up: to where it stands in the
// author's file, which lacks the package line that was put before it. It goes through all fields, since a visitor
// of the AST leaves some out (rule head references, annotations).
func shiftUp(parsed any) {
	walkLocations(reflect.ValueOf(parsed), map[unsafe.Pointer]struct{}{})
}

var locationType = reflect.TypeFor[*ast.Location]()

func walkLocations(value reflect.Value, seen map[unsafe.Pointer]struct{}) {
	switch value.Kind() {
	case reflect.Pointer:
		if value.IsNil() {
			return
		}
		// Nodes share locations, and each must move once.
		if _, again := seen[value.UnsafePointer()]; again {
			return
		}
		seen[value.UnsafePointer()] = struct{}{}
		if value.Type() == locationType {
			location := (*ast.Location)(value.UnsafePointer())
			location.Row = max(location.Row-1, 1)
			location.Offset = max(location.Offset-len(packageLine), 0)
			return
		}
		walkLocations(value.Elem(), seen)
	case reflect.Interface:
		walkLocations(value.Elem(), seen)
	case reflect.Struct:
		for i := range value.NumField() {
			walkLocations(value.Field(i), seen)
		}
	case reflect.Slice, reflect.Array:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range value.Len() {
			walkLocations(value.Index(i), seen)
		}
	case reflect.Map:
		for entries := value.MapRange(); entries.Next(); {
			walkLocations(entries.Key(), seen)
			walkLocations(entries.Value(), seen)
		}
	}
}
