// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads an image of 64 numbers from its arguments and prints the logits.
mod digits;

fn main() {
    let mut image = [0f32; 64];
    let mut logits = [0f32; 10];
    let mut arena = Box::new(digits::Arena::new());
    for (pixel, argument) in image.iter_mut().zip(std::env::args().skip(1)) {
        *pixel = argument.parse().unwrap();
    }
    digits::run(&image, &mut logits, &mut arena).unwrap();
    for logit in logits {
        println!("{:e}", logit);
    }
}
