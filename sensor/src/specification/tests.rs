mod comparing;
mod reading;
mod round_trip;
mod sample;
